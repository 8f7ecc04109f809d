import { colyseus } from '../colyseus.ts'

export const { serve, play, enter } = colyseus('quantized', 'ws')
