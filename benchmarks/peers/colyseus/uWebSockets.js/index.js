// What Colyseus's transport on uWebSockets.js imports: the copy that the peer uws has chosen. Its own dependency is at GitHub.
export { default } from '../../uws/index.js'
