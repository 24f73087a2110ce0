import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of a few megabytes in memory, which only the processes started in it can see. It goes with its keeper. */
export class SmallDisk {
  /** Where it is mounted, as processes inside see it. */
  readonly directory: string;
  readonly #keeper: ChildProcess;
  readonly #isOwnUser: boolean;

  private constructor(directory: string, keeper: ChildProcess, isOwnUser: boolean) {
    this.directory = directory;
    this.#keeper = keeper;
    this.#isOwnUser = isOwnUser;
  }

  /** A string says why there can be none here. */
  static async mount(megabytes: number): Promise<SmallDisk | string> {
    const directory = await mkdtemp(join(tmpdir(), 'warrenmq-disk-'));
    const reasons: string[] = [];
    for (const isOwnUser of [false, true]) {
      const keeper = keep(directory, megabytes, isOwnUser);
      const answer = await firstLine(keeper);
      if (answer === 'mounted') return new SmallDisk(directory, keeper, isOwnUser);
      keeper.kill('SIGKILL');
      reasons.push(answer);
    }
    await rm(directory, { recursive: true, force: true });
    return `no tmpfs can be mounted here: ${reasons.join('; ')}`;
  }

  /** Starts a program inside. */
  get wrapper(): readonly string[] {
    const user = this.#isOwnUser ? ['--user', '--preserve-credentials'] : [];
    return ['nsenter', '--target', String(this.#keeper.pid), ...user, '--mount'];
  }

  /** The same directory for processes outside. */
  get outside(): string {
    return `/proc/${this.#keeper.pid}/root${this.directory}`;
  }

  /** Takes away so much room that nothing is left, until `unfill`. */
  async fill(): Promise<void> {
    const block = Buffer.alloc(64 * 1024);
    for (;;) {
      try {
        await writeFile(this.#ballast, block, { flag: 'a' });
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
        throw error;
      }
    }
  }

  unfill(): Promise<void> {
    return rm(this.#ballast);
  }

  /** Gives the disk another size. */
  async resize(megabytes: number): Promise<void> {
    const [program, ...args] = [...this.wrapper, 'mount', '-o', `remount,size=${megabytes}m`, this.directory];
    const [code] = await once(spawn(program, args, { stdio: 'ignore' }), 'close');
    if (code !== 0) throw new Error(`mount ended with exit code ${code}`);
  }

  async unmount(): Promise<void> {
    const ended = once(this.#keeper, 'close');
    this.#keeper.stdin?.end();
    await ended;
    await rm(this.directory, { recursive: true, force: true });
  }

  get #ballast(): string {
    return join(this.outside, 'ballast');
  }
}

/** A process in a mount namespace of its own that stays until its input ends. */
function keep(directory: string, megabytes: number, isOwnUser: boolean): ChildProcess {
  const script = `mount -t tmpfs -o size=${megabytes}m tmpfs "$0" && echo mounted && exec cat`;
  const user = isOwnUser ? ['--user', '--map-root-user'] : [];
  return spawn('unshare', [...user, '--mount', 'sh', '-c', script, directory], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** The first line that the process prints, or why it prints none. */
async function firstLine(keeper: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const see = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    };
    keeper.stdout?.on('data', see);
    keeper.stderr?.on('data', see);
    keeper.once('error', (error) => resolve(error.message));
    keeper.once('close', () => resolve(text));
  });
}
