import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import {
  internalSecretConfig,
  loadConfig,
  outboundConfig,
  outboundPolicyOf,
  serviceConfig,
  storeConfig,
} from './config.js';

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

  it('takes ranges of addresses, and refuses at the start what is none', () => {
    const refused = (text: string) =>
      outboundPolicyOf(loadConfig(outboundConfig, { OUTBOUND_REFUSED: text })).alsoRefused;
    expect(refused('198.51.100.0/24, 2001:db8::/32')).toEqual(['198.51.100.0/24', '2001:db8::/32']);
    expect(outboundPolicyOf(loadConfig(outboundConfig, {}))).toEqual({ allowLocal: false, alsoRefused: [] });
    for (const text of [
      '198.51.100.0/24,',
      '198.51.100.0',
      '198.51.100.0/33',
      '2001:db8::/129',
      'example.com/24',
      ',',
    ]) {
      expect(() => refused(text)).toThrow('must be ranges of addresses, separated by commas');
    }
  });
});
