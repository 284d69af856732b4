export interface SourceMap {
  readonly version: number;
  readonly sources: string[];
  readonly names: string[];
  readonly mappings: string;
}

/** The same map without the sources that `isOurs` refuses. */
export function ownMappings(map: SourceMap, isOurs: (source: string) => boolean): SourceMap;
