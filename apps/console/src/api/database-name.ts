import { createContext, useContext } from 'react';

const Name = createContext('');

/** Of which database everything below is: what was read of one is never shown of another. */
export const DatabaseName = Name.Provider;

export function useDatabaseName(): string {
  return useContext(Name);
}
