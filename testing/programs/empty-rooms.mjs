// leak: join|Rooms|onConnection
// socketio/socket.io#1816, socketio/socket.io#1599: who leaves is taken out of the room, but the empty room stays
class Rooms {
  #members = new Map();
  join(room, client) {
    let members = this.#members.get(room);
    if (members === undefined) this.#members.set(room, (members = new Set()));
    members.add(client);
  }
  leave(room, client) {
    this.#members.get(room)?.delete(client);
  }
}
const rooms = new Rooms();
let n = 0;
function onConnection() {
  const client = { id: n++ };
  rooms.join(`room:${client.id}`, client);
  setTimeout(() => rooms.leave(`room:${client.id}`, client), 200);
}
setInterval(onConnection, 10);
