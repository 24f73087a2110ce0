/** Under which id the store keeps the messages of one priority of a queue. */
export function levelId(queueId: string, priority: number): string {
  return priority === 0 ? queueId : `${queueId}/${priority}`;
}

/** The queue's id in what {@link levelId} made of it. */
export function queueIdOf(id: string): string {
  const end = id.indexOf('/');
  return end < 0 ? id : id.slice(0, end);
}
