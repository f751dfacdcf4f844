// What an answer's status means.

/** Whether the server did it. */
export const did = (status: number) => status >= 200 && status < 300;
