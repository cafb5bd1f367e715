// JSON as people read and write it.

/** Indented; empty for null. */
export const jsonText = (value: unknown): string => (value === null || value === undefined ? '' : JSON.stringify(value, null, 2));

/** The value of what was typed, null for nothing; throws for what is no JSON. */
export const jsonOf = (text: string): unknown => (text.trim() === '' ? null : JSON.parse(text));

/** What is wrong with what was typed, in words; null: nothing. @param onlyObjects other JSON is wrong as well */
export const jsonFault = (text: string, onlyObjects: boolean): string | null => {
  try {
    const value = jsonOf(text);
    const isObject = value === null || (typeof value === 'object' && !Array.isArray(value));
    return onlyObjects && !isObject ? 'This must be a JSON object, such as {"a": 1}' : null;
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
};

export const isSameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
