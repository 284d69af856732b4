import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/** The server of `examples/notes`, started by a command of its README. */
export class NotesServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly origin: string,
  ) {}

  /** @param command as a shell takes it, in the folder of the repository. @throws Error when it does not get ready */
  static async start(command: string, port: number, environment: Readonly<Record<string, string>>) {
    const child = spawn('bash', ['-c', `exec env ${command}`], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment, PORT: String(port) },
    });
    let said = '';
    child.stderr.on('data', (piece) => (said += String(piece)));
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${command}: ${why}\n${said}`));
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail('did not get ready');
      }, START_TIMEOUT_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        fail(`ended with ${code}`);
      });
      child.stdout.on('data', (piece) => {
        said += String(piece);
        if (!said.includes('/costs')) return;
        clearTimeout(timer);
        resolve();
      });
    });
    return new NotesServer(child, `http://127.0.0.1:${port}`);
  }

  /** SIGTERM, as Ctrl-C would. @returns the exit code */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    return ended.finally(() => clearTimeout(timer));
  }
}
