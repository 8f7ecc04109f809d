/**
 * Whether setters may write at once what needs no looking at. Not while a mutation runs, anywhere: then they go the careful way, which
 * has it noted.
 *
 * One object for the whole program: code that was compiled with it reads its property from a fixed address. To ask the registry of each record
 * instead made writes measurably slower.
 */
export const shortcut = { open: true }
