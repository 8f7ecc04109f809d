import * as FrameType from '@junto/protocol/frame-type'

// Of frames that are encoded already: the type stands behind the head of the array.

/** Whether a frame is a reliable event. */
export function isEvent(frame: Uint8Array): boolean {
  return frame[1] === FrameType.event
}

/** Whether a frame is what a program begins something with, and can be told of when it finds no place. */
export function opensSomething(frame: Uint8Array): boolean {
  return isEvent(frame) || frame[1] === FrameType.call || frame[1] === FrameType.stream
}
