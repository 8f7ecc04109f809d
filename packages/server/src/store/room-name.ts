/** One text for a contract's name and a room's key, another one for each two. */
export function roomName(room: string, key: string): string {
  // The length keeps apart ('a', 'b/c') and ('a/b', 'c').
  return `${room.length}:${room}/${key}`
}
