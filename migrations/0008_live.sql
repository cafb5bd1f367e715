-- Held as long as somebody looks at what happens; nobody is told of it otherwise.
insert into leases (name) values ('live') on conflict do nothing;
