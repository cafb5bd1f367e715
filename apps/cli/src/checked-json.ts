// JSON that a user gives: checked here, so that what is wrong is said by the name of the option and not by the API.
import { checkJson, eventLimits } from '@posthorn/core';

/** Returns the text if it is one JSON value; else throws an Error that names the option and says why. */
export function checkedJson(text: string, option: string): string {
  // The event around it is one level of the nesting that the API allows.
  const depthMax = eventLimits.depthMax - 1;
  switch (checkJson(text, depthMax)) {
    case 'ok':
      return text;
    case 'depth':
      throw new Error(`${option} is nested deeper than ${depthMax} levels`);
    case 'syntax':
      throw new Error(`${option} is not JSON${reason(text)}`);
  }
}

function reason(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return `: ${(error as Error).message}`;
  }
}
