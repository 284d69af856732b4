import type { ChildProcess } from 'node:child_process';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From its last word on the standard output to its end. */
  readonly lingeredMs: number;
}

/** A program that was started in the project. */
export class Program {
  readonly ended: Promise<Ended>;
  private stdout = '';
  private stderr = '';
  private saidMs = performance.now();

  constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (piece) => {
      this.stdout += String(piece);
      this.saidMs = performance.now();
    });
    child.stderr?.on('data', (piece) => (this.stderr += String(piece)));
    this.ended = new Promise((done, fail) => {
      child.once('error', fail);
      child.once('close', (code, signal) => {
        const lingeredMs = performance.now() - this.saidMs;
        done({ code, signal, stdout: this.stdout, stderr: this.stderr, lingeredMs });
      });
    });
  }

  /** Resolves when the program has written the text. @throws Error when it ends without */
  async says(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      const ended = await Promise.race([this.ended, new Promise<undefined>((done) => setTimeout(done, 10))]);
      if (ended !== undefined && !ended.stdout.includes(text)) {
        throw new Error(`ended with ${ended.code} and has not said ${text}: ${ended.stderr}`);
      }
    }
  }

  /** What it has written last, as JSON. @throws Error with what it complained of when it did not end well */
  async result<T>(): Promise<T> {
    const { code, signal, stdout, stderr } = await this.ended;
    if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${stderr}`);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
