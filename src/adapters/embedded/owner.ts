// LMDB lets any number of processes in. This store does not: it voids the leases it finds when it opens.
import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a socket's path may measure on every system. */
const longest = 100

interface Place {
  readonly folder: string
  readonly prefix: string
}

/**
 * Makes this process the only one that has the folder, or throws. A socket says so, because unlike a process
 * id it means the same in every container, and ends with its process however that ends. Each comer shows
 * its own socket first and looks for others second, so of two that come at once at least one sees the other.
 */
export async function takeOwnership(dir: string): Promise<() => Promise<void>> {
  const { place, server, name } = await show(realpathSync(dir))
  const others = readdirSync(place.folder).filter(
    file => file.startsWith(place.prefix) && file !== name
  )
  const alive = await Promise.all(others.map(file => answers(join(place.folder, file))))
  others.forEach((file, at) => {
    if (alive[at] === false) rmSync(join(place.folder, file), { force: true })
  })
  // Its own socket is gone where another comer, who is refused as well, took it for a dead one.
  if (alive.includes(true) || !existsSync(join(place.folder, name))) {
    await close(server)
    throw new Error(
      `${dir} is in use by another process that is running. Stop that one first, or give this one a folder of its own.`
    )
  }
  return () => close(server)
}

/** In the folder itself if it can be, so that containers that share the folder meet there. */
async function show(dir: string): Promise<{ place: Place; server: Server; name: string }> {
  const within: Place = { folder: dir, prefix: 'owner-' }
  const aside: Place = { folder: tmpdir(), prefix: `reprise-${hash('sha256', dir).slice(0, 16)}-` }
  const end = randomBytes(4).toString('hex')
  if (join(dir, within.prefix + end).length <= longest) {
    const server = await listen(join(dir, within.prefix + end)).catch(() => null)
    if (server) return { place: within, server, name: within.prefix + end }
  }
  return {
    place: aside,
    server: await listen(join(aside.folder, aside.prefix + end)),
    name: aside.prefix + end
  }
}

async function listen(path: string): Promise<Server> {
  const server = createServer(socket => socket.destroy()).unref()
  server.listen({ path, exclusive: true })
  await once(server, 'listening')
  return server
}

/** Only a socket that nobody listens on, or that is gone, surely has no owner. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(!['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(error.code ?? ''))
    })
  })
}

const close = (server: Server): Promise<void> =>
  new Promise(resolve => server.close(() => resolve()))
