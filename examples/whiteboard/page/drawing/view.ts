import { sheet, type Point } from '../../board.ts'
import { snap } from './geometry.ts'

/** How the sheet lies in the window: where its corner is and how large a unit is, in CSS pixels. */
export interface View {
  readonly left: number
  readonly top: number
  readonly scale: number
}

/** The room that the page's furniture leaves for the sheet, in CSS pixels. */
export interface Area {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

const mostZoom = 8

/** The whole sheet, as large as it can be, in the middle of the area. */
export function fit(area: Area): View {
  const scale = Math.max(0.05, Math.min(area.width / sheet.width, area.height / sheet.height))
  return {
    left: area.left + (area.width - sheet.width * scale) / 2,
    top: area.top + (area.height - sheet.height * scale) / 2,
    scale,
  }
}

/** The view after a gesture: the place under `from` comes to lie under `to`, and everything grows by `factor`. */
export function moved(view: View, area: Area, from: Point, to: Point, factor: number): View {
  const whole = fit(area)
  const scale = Math.min(whole.scale * mostZoom, Math.max(whole.scale, view.scale * factor))
  const grown = scale / view.scale
  return {
    left: within(to[0] - (from[0] - view.left) * grown, area.left, area.width, sheet.width * scale),
    top: within(to[1] - (from[1] - view.top) * grown, area.top, area.height, sheet.height * scale),
    scale,
  }
}

// A sheet smaller than the area stays in its middle, a larger one covers it: the sheet cannot be lost.
function within(corner: number, start: number, room: number, size: number): number {
  if (size <= room) return start + (room - size) / 2
  return Math.min(start, Math.max(start + room - size, corner))
}

/** The place on the sheet under a place in the window; beyond the edge, the nearest on it. */
export function toSheet(view: View, x: number, y: number): Point {
  return snap((x - view.left) / view.scale, (y - view.top) / view.scale)
}

/** Whether a place in the window is on the sheet. */
export function onSheet(view: View, x: number, y: number): boolean {
  const across = (x - view.left) / view.scale
  const down = (y - view.top) / view.scale
  return across >= 0 && across <= sheet.width && down >= 0 && down <= sheet.height
}
