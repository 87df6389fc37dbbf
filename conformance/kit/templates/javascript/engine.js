#!/usr/bin/env node
// my-engine: Pods that run and end, on a virtual clock. A place to start from.
// What it does not know it refuses with 501, so it is judged by what it does and by nothing else.
'use strict'
const { serve } = require('./protocol')

const EPOCH = Date.UTC(2024, 0, 1) / 1000 // the time of day at second 0
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const KNOWN = {
  metadata: ['name', 'namespace', 'labels', 'annotations'],
  spec: ['containers', 'restartPolicy', 'terminationGracePeriodSeconds'],
  container: ['name', 'image'],
}
const DEFAULTS = { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 }

class Refusal extends Error {
  constructor (code, reason, message, fields = []) {
    super(message)
    const causes = fields.map(field => ({ field, type: 'FieldValueInvalid' }))
    this.rejected = { code, reason, message, causes }
  }
}

class Engine {
  // Claim a capability when you serve it, and no earlier. kubelaws adapter check knows them all.
  describe () {
    return {
      name: 'my-engine', version: '0.1', language: 'javascript', clock: 'virtual',
      capabilities: ['api', 'kubelet', 'container-exit'], epoch: EPOCH,
    }
  }

  reset () {
    Object.assign(this, { now: 0, count: 0, pods: new Map(), seen: [], timers: [] })
  }

  observe () {
    const seen = this.seen
    this.seen = []
    return seen
  }

  apply ({ verb, arguments: given }) {
    const action = VERBS[verb]
    if (!action) throw new Refusal(501, 'NotImplemented', `${verb} is not implemented`)
    return action(this, given)
  }

  // -- time: timers fire in order, each at its own second ------------------------------------------

  after (seconds, action) {
    this.timers.push({ at: this.now + seconds, order: ++this.count, action })
    this.timers.sort((a, b) => a.at - b.at || a.order - b.order)
  }

  advance (seconds) {
    const end = this.now + seconds
    while (this.timers.length && this.timers[0].at <= end) {
      const timer = this.timers.shift()
      this.now = timer.at
      timer.action()
    }
    this.now = end
  }

  time (at = this.now) {
    return new Date((EPOCH + Math.floor(at)) * 1000).toISOString().replace('.000', '')
  }

  // -- the API -----------------------------------------------------------------------------------

  create ({ object: manifest, dryRun }) {
    check(manifest)
    const namespace = manifest.metadata.namespace || 'default'
    const key = `${namespace}/${manifest.metadata.name}`
    if (this.pods.has(key)) throw new Refusal(409, 'AlreadyExists', `pod ${key} is there`)
    const more = { namespace, uid: `uid-${++this.count}`, creationTimestamp: this.time(), generation: 1 }
    const pod = {
      key,
      metadata: { ...manifest.metadata, ...more },
      spec: { ...DEFAULTS, ...manifest.spec, nodeName: 'node1' },
      containers: manifest.spec.containers.map(({ name }) => ({ name, restarts: 0, last: {} })),
    }
    const stored = this.shown(pod)
    if (dryRun) return stored
    this.pods.set(key, pod)
    this.show('ADDED', pod)
    pod.startTime = this.time()
    for (const container of pod.containers) this.start(pod, container)
    return stored
  }

  delete ({ kind, namespace, name, gracePeriodSeconds }) {
    const pod = this.find(kind, namespace, name)
    const over = ['Succeeded', 'Failed'].includes(this.phase(pod))
    const asked = gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds
    const grace = over ? 0 : asked < 0 ? 1 : asked
    pod.metadata.deletionTimestamp = this.time(this.now + grace)
    pod.metadata.deletionGracePeriodSeconds = grace
    pod.metadata.generation += 1
    if (grace > 0) {
      this.show('MODIFIED', pod)
      for (const container of pod.containers) this.stop(container)
      this.show('MODIFIED', pod)
    }
    this.pods.delete(pod.key)
    this.show('DELETED', pod)
    return this.shown(pod)
  }

  find (kind, namespace, name) {
    const pod = kind === 'Pod' && this.pods.get(`${namespace}/${name}`)
    if (!pod) throw new Refusal(404, 'NotFound', `there is no ${kind} ${name}`)
    return pod
  }

  // -- the kubelet ---------------------------------------------------------------------------------

  start (pod, container) {
    container.started = this.now
    container.id = `my-engine://${++this.count}`
    container.state = { running: { startedAt: this.time() } }
    this.show('MODIFIED', pod)
  }

  exit ({ namespace, pod: name, container: which, exitCode }) {
    const pod = this.find('Pod', namespace, name)
    const container = pod.containers.find(each => each.name === which)
    if (!container?.state.running) throw new Refusal(409, 'Conflict', `container ${which} does not run`)
    this.ended(container, exitCode)
    if (this.restarts(pod, exitCode)) this.restart(pod, container)
    this.show('MODIFIED', pod)
  }

  stop (container) {
    if (container.state.running) this.ended(container, 143)
  }

  ended (container, exitCode) {
    const reason = exitCode === 0 ? 'Completed' : 'Error'
    const { startedAt } = container.state.running
    const times = { startedAt, finishedAt: this.time() }
    container.finished = { exitCode, reason, ...times, containerID: container.id }
    container.state = { terminated: container.finished }
  }

  restarts (pod, exitCode) {
    return false // by the policy and the exit code: RESTART-002
  }

  restart (pod, container) {
    container.last = { terminated: container.finished }
    container.restarts += 1
    this.start(pod, container)
  }

  // -- what the watch shows ------------------------------------------------------------------------

  phase ({ containers }) {
    if (containers.some(each => !each.id)) return 'Pending'
    if (containers.some(each => !each.state.terminated)) return 'Running'
    return containers.some(each => each.finished.exitCode !== 0) ? 'Failed' : 'Succeeded'
  }

  shown (pod) {
    const containerStatuses = pod.containers.filter(each => each.id).map(each => ({
      name: each.name, state: each.state, lastState: each.last, ready: Boolean(each.state.running),
      restartCount: each.restarts, containerID: each.id,
    }))
    const { startTime } = pod
    const status = { phase: this.phase(pod), qosClass: 'BestEffort', startTime, containerStatuses }
    const metadata = { ...pod.metadata, resourceVersion: String(++this.count) }
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec: pod.spec, status }
  }

  show (type, pod) {
    this.seen.push({ at: this.now, type, object: structuredClone(this.shown(pod)) })
  }
}

const VERBS = {
  create: (engine, given) => engine.create(given),
  delete: (engine, given) => engine.delete(given),
  exit: (engine, given) => engine.exit(given),
  advance: (engine, given) => engine.advance(given.seconds),
}

function only (object, fields, where) {
  const unknown = Object.keys(object || {}).filter(field => !fields.includes(field))
  if (unknown.length) throw new Refusal(501, 'NotImplemented', `${where}.${unknown[0]} is not implemented`)
}

function check (manifest) {
  if (manifest.kind !== 'Pod') throw new Refusal(501, 'NotImplemented', 'only Pods are kept here')
  const { metadata, spec } = manifest
  only(metadata, KNOWN.metadata, 'metadata')
  only(spec, KNOWN.spec, 'spec')
  const containers = spec?.containers || []
  for (const container of containers) only(container, KNOWN.container, 'spec.containers')
  const faults = {
    'metadata.name': !NAME.test(metadata?.name || '') || metadata.name.length > 253,
    'metadata.namespace': !LABEL.test(metadata?.namespace || 'default'),
    'spec.containers': containers.length === 0,
    'spec.restartPolicy': !['Always', 'OnFailure', 'Never'].includes(spec?.restartPolicy ?? 'Always'),
  }
  containers.forEach(({ name, image }, index) => {
    const twice = containers.findIndex(other => other.name === name) < index
    faults[`spec.containers[${index}].name`] = twice || !LABEL.test(name || '')
    faults[`spec.containers[${index}].image`] = !image || image !== image.trim()
  })
  const fields = Object.keys(faults).filter(field => faults[field])
  if (fields.length) throw new Refusal(422, 'Invalid', `${fields.join(', ')}: invalid`, fields)
  // The next thing to do: serve the other policies, and take this line away.
  if (spec.restartPolicy !== 'Never') throw new Refusal(501, 'NotImplemented', 'no restarts yet')
}

serve(new Engine())
