/** Colours of fighters, by the number in the state. */
const colors = ['#4cc3ff', '#ff6b5e', '#ffd166', '#7ee081', '#c792ff', '#ff9de0', '#5eead4', '#ffa94d'] as const

/** The colour of that number. */
export function colorOf(color: number): string {
  return colors[color % colors.length] ?? colors[0]
}

/** Colours of the field. */
export const ground = {
  floor: '#141d2d',
  line: 'rgb(255 255 255 / 3.5%)',
  outside: '#0b1018',
  edge: '#3f5f86',
  wallTop: '#40536f',
  wallSide: '#1d2738',
  wallLight: '#5d7599',
  pack: '#7ee081',
} as const
