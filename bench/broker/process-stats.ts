import { readFileSync } from 'node:fs';
import { settled } from './settled.js';

/** Linux counts CPU time in hundredths of a second, whatever the kernel's own tick. */
const MS_PER_TICK = 10;

function proc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** CPU milliseconds that a process has used, user and system; undefined where there is no /proc. */
export function cpuMs(pid: number): number | undefined {
  const stat = proc(pid, 'stat');
  if (stat === undefined) return undefined;
  // The command's name may hold spaces, but ends at the last parenthesis; utime and stime are the 12th and 13th from there.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Resident memory of a process in KB; undefined where there is no /proc. */
export const rssKb = (pid: number): number | undefined => statusKb(pid, 'VmRSS');

/** The most that its resident memory ever was. */
export const peakRssKb = (pid: number): number | undefined => statusKb(pid, 'VmHWM');

/** Resident memory once it has moved by less than 1 % for a while. */
export function settledRssKb(pid: number): Promise<number> {
  return settled(1500, () => {
    const rss = rssKb(pid);
    if (rss === undefined) throw new Error('resident memory can be read on Linux only');
    return rss;
  });
}

function statusKb(pid: number, name: string): number | undefined {
  const line = proc(pid, 'status')?.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'));
  return line?.[1] === undefined ? undefined : Number(line[1]);
}
