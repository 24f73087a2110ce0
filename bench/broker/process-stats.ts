import { readFileSync } from 'node:fs';

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
export function rssKb(pid: number): number | undefined {
  const line = proc(pid, 'status')?.match(/^VmRSS:\s+(\d+) kB$/m);
  return line?.[1] === undefined ? undefined : Number(line[1]);
}
