// The schema as text, from the catalogue: tables with their columns, constraints, indexes and who sees what of them, then functions, each sorted by name. It shows
// what the migrations amount to, and in a diff what one of them changes. Partitions of a day, what belongs to the migrator and what
// belongs to the queue are left out.
import pg from 'pg';

type Row = { readonly owner: string; readonly line: string };

const tablesSql = `
select c.relname as owner,
       concat_ws(' ', case when c.relkind = 'p' then 'partition by ' || pg_get_partkeydef(c.oid) end,
                 case when c.reloptions is not null then 'with (' || array_to_string(array(select unnest(c.reloptions) order by 1), ', ') || ')' end) as line
  from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname !~ '^kysely_'
 order by c.relname collate "C"`;

const columnsSql = `
select c.relname as owner,
       concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
                 case when a.attidentity <> '' then 'generated ' || case a.attidentity when 'a' then 'always' else 'by default' end || ' as identity' end,
                 case when a.attgenerated = 's' then 'generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
                      when d.adbin is not null then 'default ' || pg_get_expr(d.adbin, d.adrelid) end,
                 case when a.attstorage <> t.typstorage then 'storage ' || case a.attstorage when 'e' then 'external' when 'm' then 'main'
                                                                                            when 'p' then 'plain' else 'extended' end end) as line
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attnum > 0 and not a.attisdropped
 order by c.relname collate "C", a.attnum`;

// Not null stands with its column.
const constraintsSql = `
select c.relname as owner, 'constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid) as line
  from pg_constraint k join pg_class c on c.oid = k.conrelid
 where k.contype <> 'n'
 order by c.relname collate "C", k.conname collate "C"`;

const indexesSql = `
select c.relname as owner, pg_get_indexdef(x.indexrelid) as line
  from pg_index x
  join pg_class c on c.oid = x.indrelid
  join pg_class i on i.oid = x.indexrelid
 where not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
 order by c.relname collate "C", i.relname collate "C"`;

// What the roles of the wall see of a table, and may do with it.
const wallSql = `
select owner, line from (
  select c.relname as owner, 1 as place, '' as name, 'alter table ' || c.relname || ' enable row level security;' as line
    from pg_class c where c.relrowsecurity and c.relnamespace = 'public'::regnamespace
  union all
  select p.tablename, 2, p.policyname, format('create policy %s on %s to %s using %s%s;', p.policyname, p.tablename, array_to_string(p.roles, ', '),
                                              regexp_replace(p.qual, '\\s+', ' ', 'g'),
                                              case when p.with_check <> p.qual then ' with check ' || regexp_replace(p.with_check, '\\s+', ' ', 'g') end)
    from pg_policies p where p.schemaname = 'public'
  union all
  select c.relname, 3, r.rolname, format('grant %s on %s to %s;', string_agg(lower(a.privilege_type), ', ' order by a.privilege_type), c.relname, r.rolname)
    from pg_class c cross join lateral aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
   where c.relnamespace = 'public'::regnamespace and r.rolname like 'posthorn\\_%' group by c.relname, r.rolname
  union all
  select c.relname, 4, r.rolname || t.attname, format('grant %s (%s) on %s to %s;', lower(a.privilege_type), t.attname, c.relname, r.rolname)
    from pg_attribute t join pg_class c on c.oid = t.attrelid cross join lateral aclexplode(t.attacl) a join pg_roles r on r.oid = a.grantee
   where c.relnamespace = 'public'::regnamespace and r.rolname like 'posthorn\\_%'
) wall order by owner collate "C", place, name collate "C"`;

const functionsSql = `
select p.proname as owner, rtrim(pg_get_functiondef(p.oid), E'\\n') as line
  from pg_proc p
 where p.pronamespace = 'public'::regnamespace
   and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
 order by p.proname collate "C", pg_get_function_identity_arguments(p.oid) collate "C"`;

const header = `-- The schema that the migrations of this folder make. Written by "npm run schema:dump", compared by a test; never run.
-- Left out: the daily partitions, the migrator's own tables and the queue's.
`;

const linesOf = (rows: readonly Row[], owner: string): readonly string[] =>
  rows.filter((row) => row.owner === owner).map((row) => row.line);

/** The dump of a migrated database; the same text on every server of one major version. */
export const dumpSchema = async (url: string): Promise<string> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Names are written in full wherever they do not stand in this schema, whatever the database's own search path is.
    await client.query(`set search_path = public; set timezone = 'UTC'`);
    const read = async (text: string): Promise<readonly Row[]> => (await client.query<Row>(text)).rows;
    const [tables, columns, constraints] = [await read(tablesSql), await read(columnsSql), await read(constraintsSql)];
    const [indexes, wall, functions] = [await read(indexesSql), await read(wallSql), await read(functionsSql)];
    const tableTexts = tables.map(({ owner, line }) => {
      const members = [...linesOf(columns, owner), ...linesOf(constraints, owner)].map((member) => `  ${member}`).join(',\n');
      const rest = [...linesOf(indexes, owner).map((index) => `\n${index};`), ...linesOf(wall, owner).map((each) => `\n${each}`)];
      return `create table ${owner} (\n${members}\n)${line === '' ? '' : ` ${line}`};${rest.join('')}\n`;
    });
    return [header, ...tableTexts, ...functions.map(({ line }) => `${line};\n`)].join('\n');
  } finally {
    await client.end();
  }
};
