import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { internalSecretConfig, loadConfig, serviceConfig, storeConfig } from './config.js';

describe('loadConfig', () => {
  it('has defaults for what may be left out, also when it is set to nothing', () => {
    expect(loadConfig(serviceConfig, { PORT: '' })).toEqual({
      HOST: '127.0.0.1',
      PORT: 0,
      LOG_LEVEL: 'info',
      DRAIN_TIMEOUT_MS: 10_000,
      PROCESS_METRICS: true,
    });
    expect(loadConfig(storeConfig, { S3_FORCE_PATH_STYLE: 'false' })).toMatchObject({ S3_FORCE_PATH_STYLE: false });
  });

  it('names every wrong variable and no value', () => {
    const schema = serviceConfig
      .extend(storeConfig.shape)
      .extend(internalSecretConfig.shape)
      .extend({ NEEDED: z.string() });
    const env = { PORT: '80x', LOG_LEVEL: 'loud', S3_ENDPOINT: 'nonsense', LEASEHOLD_INTERNAL_SECRET: 'hunter2' };
    let message = '';
    try {
      loadConfig(schema, env);
    } catch (error) {
      message = (error as Error).message;
    }
    for (const name of [...Object.keys(env), 'NEEDED is required']) expect(message).toContain(name);
    for (const value of Object.values(env)) expect(message).not.toContain(value);
    expect(message).not.toContain('\n');
  });

  it.each(['-1', '65536', '1e3', '0x10', ' 80', '9'.repeat(30)])('refuses the port %j', (PORT) => {
    expect(() => loadConfig(serviceConfig, { PORT })).toThrow('PORT: must be a whole number from 0 to 65535');
  });
});
