// What a variable may be, by its schema, in words.
import { type VariableName, variables } from './config.js';

type Shape = {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly { readonly const: string }[];
};

const number = (value: number | undefined): string => (value ?? 0).toLocaleString('en-US');

/** `a whole number from 1 to 64`, `one of redis, postgres`, `text`. */
export const shapeOf = (name: VariableName): string => {
  const shape = variables.properties[name] as Shape;
  const choices = shape.enum ?? shape.anyOf?.map((each) => each.const);
  if (choices !== undefined) return `one of ${choices.join(', ')}`;
  return shape.type === 'integer' ? `a whole number from ${number(shape.minimum)} to ${number(shape.maximum)}` : 'text';
};
