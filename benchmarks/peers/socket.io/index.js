// Here the packages are found in this folder's node_modules; ws finds bufferutil by itself.
export { Server } from 'socket.io'
