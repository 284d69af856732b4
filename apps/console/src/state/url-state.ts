import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/**
 * A part of what a screen shows, kept in the address, so that a link leads to the same. Empty is what is not said.
 * @param name of the parameter
 */
export function useUrlState(name: string): readonly [string, (value: string) => void] {
  const [parameters, setParameters] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setParameters(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === '') next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [name, setParameters],
  );
  return [parameters.get(name) ?? '', set];
}
