// The pages of an event type. A name may hold `/`; under `of` none can be taken for another page.

export const eventTypePath = (name: string): string => `/event-types/of/${encodeURIComponent(name)}`;
export const editEventTypePath = (name: string): string => `/event-types/edit/${encodeURIComponent(name)}`;
