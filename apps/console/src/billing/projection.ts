/**
 * What a month comes to if it goes on as until now.
 * @param soFar amount of the month until `now`
 * @param from beginning of the month
 * @param to its end
 */
export function projected(soFar: number, from: Date, to: Date, now: Date): number {
  const passedMs = Math.min(now.getTime(), to.getTime()) - from.getTime();
  if (passedMs <= 0) return soFar;
  return Math.round((soFar * (to.getTime() - from.getTime())) / passedMs);
}
