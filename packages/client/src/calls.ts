// The types of calls, made of those that are generated from the API's OpenAPI document.
import type { ClientPathsWithMethod, Client as FetchClient, MaybeOptionalInit } from 'openapi-fetch';
import type { components, paths } from './generated/api.js';

export type CallMethod = 'get' | 'post' | 'patch' | 'delete';

export type Paths<Method extends CallMethod> = ClientPathsWithMethod<FetchClient<paths>, Method>;

type Init<Path extends Paths<Method>, Method extends CallMethod> = MaybeOptionalInit<paths[Path], Method>;

/** What a call takes beside its path: `{params: {path, query}, body, headers, signal}`; optional if nothing of it is required. */
type InitArgument<Path extends Paths<Method>, Method extends CallMethod, Given> =
  undefined extends Init<Path, Method> ? [init?: Given] : [init: Given];

/** The body of an operation's success; openapi-fetch's own type for it takes lists that are readonly apart. */
type SuccessOf<Operation> = Operation extends { readonly responses: infer Answers }
  ? { [Status in keyof Answers & SuccessStatus]: JsonOf<Answers[Status]> }[keyof Answers & SuccessStatus]
  : never;
type SuccessStatus = 200 | 201 | 202 | 204;
type JsonOf<Answer> = Answer extends { readonly content: { readonly 'application/json': infer Body } } ? Body : undefined;

/** With `parseAs: 'text'` the body as it came. */
type Parsed<Operation, Given> = Given extends { readonly parseAs: 'text' } ? string : SuccessOf<Operation>;

/** Resolves with a success; rejects with a PosthornError. */
export type Call<Method extends CallMethod> = <Path extends Paths<Method>, Given extends Init<Path, Method>>(
  path: Path,
  ...init: InitArgument<Path, Method, Given>
) => Promise<{ readonly data: Parsed<paths[Path][Method], Given>; readonly response: Response }>;

type Page = { readonly data: readonly unknown[]; readonly next_cursor: string | null };
type PageOf<Path extends Paths<'get'>> = SuccessOf<paths[Path]['get']>;

/** The paths that answer with a list. */
export type ListPath = {
  [Path in Paths<'get'>]: PageOf<Path> extends Page ? Path : never;
}[Paths<'get'>];

/** Goes through all pages, one request when the items of the last are used up. */
export type Paginate = <Path extends ListPath, Given extends Init<Path, 'get'>>(
  path: Path,
  ...init: InitArgument<Path, 'get', Given>
) => AsyncGenerator<PageOf<Path> extends { readonly data: readonly (infer Item)[] } ? Item : never, void, undefined>;

/** An object of the API by its name in the document: `Schema<'Webhook'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];
