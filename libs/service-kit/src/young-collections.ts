import { setFlagsFromString } from 'node:v8';

/**
 * From now on the thread that serves collects young garbage by itself. By default V8 shares that out to helpers and waits for them, which is
 * quicker where much survives and processors are free. Of requests little does, half a millisecond of work; and where a process has one
 * processor, or shares it with others, its helpers wait for their turn while it waits for them (docs/decisions).
 *
 * V8 looks at the flag at each collection, so it may be set at any time.
 */
export function collectYoungAlone(): void {
  setFlagsFromString('--no-parallel-scavenge');
}
