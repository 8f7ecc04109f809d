import { expect, test } from 'vitest'
import { inject, injectedTokens, provide, Services } from './container.ts'

abstract class Mail {
  abstract send(to: string): string
}

class Post extends Mail {
  disposed = 0
  send(to: string): string {
    return `to ${to}`
  }
  dispose(): void {
    this.disposed++
  }
}

class Desk {
  readonly mail: Mail
  constructor(@inject(Mail) mail: Mail) {
    this.mail = mail
  }
}

test('resolves an instance by its abstract class', () => {
  const services = Services.root([provide(Mail, new Post())])
  expect(services.resolve(Mail).send('ada')).toBe('to ada')
})

test('a later provider wins', () => {
  const later = new Post()
  const services = Services.root([provide(Mail, new Post()), provide(Mail, later)])
  expect(services.resolve(Mail)).toBe(later)
})

test('names a service that nobody provides, and says how to provide it', () => {
  expect(() => Services.root([]).resolve(Mail)).toThrow(
    "Nobody provides Mail: add it to the server's services, as in new JuntoServer({ services: [provide(Mail, …)] })",
  )
})

test('makes one instance of a class, when it starts, and injects its parameters', () => {
  const services = Services.root([provide(Desk), provide(Mail, Post)])
  const desk = services.resolve(Desk)
  expect(desk.mail).toBeInstanceOf(Post)
  expect(services.child().resolve(Desk)).toBe(desk)
  expect(services.child().resolve(Mail)).toBe(desk.mail)
})

test('a service that cannot start stops the server, not the first room', () => {
  expect(() => Services.root([provide(Desk)])).toThrow('Nobody provides Mail')
})

test('the end of a room leaves the services of the server alone', async () => {
  const services = Services.root([provide(Mail, Post)])
  const room = services.child()
  const post = room.resolve(Mail) as Post
  await room.dispose()
  expect(post.disposed).toBe(0)
  await services.dispose()
  expect(post.disposed).toBe(1)
})

test('does not dispose of what it was given', async () => {
  const post = new Post()
  await Services.root([provide(Mail, post)]).dispose()
  expect(post.disposed).toBe(0)
})

test('one failing dispose does not keep the others', async () => {
  class Broken {
    dispose(): Promise<void> {
      return Promise.reject(new Error('stuck'))
    }
  }
  const services = Services.root([provide(Mail, Post), provide(Broken)])
  const post = services.resolve(Mail) as Post
  await expect(services.dispose()).rejects.toThrow('stuck')
  expect(post.disposed).toBe(1)
})

test('a singleton of an outer container belongs to that container', async () => {
  const outer = Services.root([]).container.createChildContainer()
  outer.registerSingleton(Post)
  const services = Services.root([], outer)
  const post = services.child().resolve(Post)
  await services.dispose()
  expect(post.disposed).toBe(0)
  expect(outer.resolve(Post)).toBe(post)
})

test('what a room provides is seen by that room only', () => {
  const services = Services.root([])
  const room = services.child()
  room.set(Mail, new Post())
  expect(room.construct(Desk).mail.send('bo')).toBe('to bo')
  expect(services.has(Mail)).toBe(false)
})

test('a subclass without a constructor is built like the class it extends', () => {
  class Corner extends Desk {}
  const services = Services.root([provide(Mail, Post)])
  expect(services.construct(Corner).mail).toBeInstanceOf(Post)
})

test('refuses a bare parameter, by class and position', () => {
  class Half {
    constructor(
      @inject(Mail) readonly mail: Mail,
      readonly other: Post,
    ) {}
  }
  class Heir extends Half {}
  expect(() => injectedTokens(Half)).toThrow('Parameter 2 of the constructor of Half has no @inject(Token)')
  expect(() => injectedTokens(Heir)).toThrow(
    'Parameter 2 of the constructor of Half, which Heir extends, has no @inject(Token)',
  )
})
