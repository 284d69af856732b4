/**
 * How TypeScript becomes JavaScript here, for the build and for Jest alike: ES modules kept, and the legacy decorators with
 * type metadata that Nest's constructor injection reads.
 */
export const swcOptions = {
  module: { type: 'es6' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
};
