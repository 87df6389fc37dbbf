#!/usr/bin/env node
// A small engine: Pods whose containers run, exit, back off and start again, on a virtual clock.
// What it does not know it refuses with 501, so it is judged by what it does and by nothing else.
'use strict'
const { serve } = require('./protocol')

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const KNOWN = {
  metadata: ['name', 'namespace', 'labels', 'annotations'],
  spec: ['containers', 'restartPolicy', 'terminationGracePeriodSeconds', 'activeDeadlineSeconds'],
  container: ['name', 'image'],
}
const DEFAULTS = { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 }
const FIRST_DELAY = 10, LONGEST_DELAY = 300, QUIET = 600 // seconds

class Refusal extends Error {
  constructor (code, reason, message, fields = []) {
    super(message)
    const causes = fields.map(field => ({ field, type: 'FieldValueInvalid' }))
    this.rejected = { code, reason, message, causes }
  }
}

class Engine {
  describe () {
    return {
      name: 'node-example', version: '1', language: 'javascript', clock: 'virtual',
      capabilities: ['api', 'kubelet', 'container-exit'], epoch: Date.UTC(2024, 0, 1) / 1000,
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
    return new Date((this.describe().epoch + Math.floor(at)) * 1000).toISOString().replace('.000', '')
  }

  // -- the API -----------------------------------------------------------------------------------

  create (manifest, dryRun) {
    check(manifest)
    const namespace = manifest.metadata.namespace || 'default'
    const key = `${namespace}/${manifest.metadata.name}`
    if (this.pods.has(key)) throw new Refusal(409, 'AlreadyExists', `pod ${key} is there`)
    const pod = {
      key,
      metadata: { ...manifest.metadata, namespace, uid: `uid-${++this.count}`, creationTimestamp: this.time(), generation: 1 },
      spec: { ...DEFAULTS, ...manifest.spec, nodeName: 'node1' },
      containers: manifest.spec.containers.map(({ name }) => ({ name, restarts: 0, step: 0, last: {} })),
    }
    const stored = this.shown(pod)
    if (dryRun) return stored
    this.pods.set(key, pod)
    this.show('ADDED', pod)
    pod.startTime = this.time()
    for (const container of pod.containers) this.start(pod, container)
    const deadline = pod.spec.activeDeadlineSeconds
    if (deadline) this.after(deadline, () => this.expire(pod))
    return stored
  }

  patch ({ kind, namespace, name, patch }) {
    const pod = this.find(kind, namespace, name)
    if (Object.keys(patch).some(field => field !== 'metadata')) throw new Refusal(501, 'NotImplemented', 'only metadata can be patched')
    only(patch.metadata, ['labels', 'annotations'], 'metadata')
    for (const field of Object.keys(patch.metadata)) {
      const merged = { ...pod.metadata[field], ...patch.metadata[field] }
      pod.metadata[field] = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))
    }
    this.show('MODIFIED', pod)
    return this.shown(pod)
  }

  delete ({ kind, namespace, name, gracePeriodSeconds }) {
    const pod = this.find(kind, namespace, name)
    const asked = gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds
    const grace = FINAL.has(this.phase(pod)) ? 0 : asked < 0 ? 1 : asked
    const generation = pod.metadata.generation + 1
    Object.assign(pod.metadata, { generation, deletionTimestamp: this.time(this.now + grace), deletionGracePeriodSeconds: grace })
    if (grace > 0) {
      this.show('MODIFIED', pod)
      this.kill(pod, 143)
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
    container.id = `node://${++this.count}`
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

  ended (container, exitCode) {
    const reason = exitCode === 0 ? 'Completed' : 'Error'
    const { startedAt } = container.state.running
    container.finished = { exitCode, reason, startedAt, finishedAt: this.time(), containerID: container.id }
    container.state = { terminated: container.finished }
  }

  restarts (pod, exitCode) {
    const { restartPolicy } = pod.spec
    return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0)
  }

  restart (pod, container) {
    const delay = this.delay(container)
    container.before = container.last
    container.last = { terminated: container.finished }
    if (delay > 0) {
      const message = `back-off ${delay}s restarting failed container=${container.name} pod=${pod.metadata.name}`
      container.state = { waiting: { reason: 'CrashLoopBackOff', message } }
    }
    this.after(delay, () => {
      if (pod.failed || pod.metadata.deletionTimestamp) return
      container.restarts += 1
      this.start(pod, container)
    })
    if (delay === 0) this.advance(0)
  }

  delay (container) {
    if (this.now - container.started > QUIET) container.step = 0
    const step = container.step++
    return step === 0 ? 0 : Math.min(FIRST_DELAY * 2 ** (step - 1), LONGEST_DELAY)
  }

  kill (pod, exitCode) {
    for (const container of pod.containers) {
      if (container.state.running) this.ended(container, exitCode)
      else if (container.state.waiting) Object.assign(container, { state: container.last, last: container.before })
    }
    this.show('MODIFIED', pod)
  }

  expire (pod) {
    if (FINAL.has(this.phase(pod)) || pod.metadata.deletionTimestamp) return
    pod.failed = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }
    this.kill(pod, 137)
  }

  // -- what the watch shows ------------------------------------------------------------------------

  phase (pod) {
    const { containers } = pod
    if (containers.some(each => !each.id)) return 'Pending'
    if (containers.some(each => !each.state.terminated)) return 'Running'
    return pod.failed || containers.some(each => each.finished.exitCode !== 0) ? 'Failed' : 'Succeeded'
  }

  shown (pod) {
    const containerStatuses = pod.containers.filter(each => each.id).map(each => ({
      name: each.name, state: each.state, lastState: each.last, ready: Boolean(each.state.running),
      restartCount: each.restarts, containerID: each.id,
    }))
    const { startTime, failed } = pod
    const status = { phase: this.phase(pod), qosClass: 'BestEffort', startTime, containerStatuses, ...failed }
    const metadata = { ...pod.metadata, resourceVersion: String(++this.count) }
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec: pod.spec, status }
  }

  show (type, pod) {
    this.seen.push({ at: this.now, type, object: structuredClone(this.shown(pod)) })
  }
}

const FINAL = new Set(['Succeeded', 'Failed'])
const VERBS = {
  create: (engine, given) => engine.create(given.object, given.dryRun),
  patch: (engine, given) => engine.patch(given),
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
  const restartPolicy = spec?.restartPolicy ?? 'Always'
  const deadline = spec?.activeDeadlineSeconds ?? 1
  const faults = {
    'metadata.name': !NAME.test(metadata?.name || '') || metadata.name.length > 253,
    'metadata.namespace': !LABEL.test(metadata?.namespace || 'default'),
    'spec.containers': containers.length === 0,
    'spec.restartPolicy': !['Always', 'OnFailure', 'Never'].includes(restartPolicy),
    'spec.activeDeadlineSeconds': !(Number.isInteger(deadline) && deadline >= 1 && deadline < 2 ** 31),
  }
  containers.forEach(({ name, image }, index) => {
    const twice = containers.findIndex(other => other.name === name) < index
    faults[`spec.containers[${index}].name`] = twice || !LABEL.test(name || '')
    faults[`spec.containers[${index}].image`] = !image || image !== image.trim()
  })
  const fields = Object.keys(faults).filter(field => faults[field])
  if (fields.length) throw new Refusal(422, 'Invalid', `${fields.join(', ')}: invalid`, fields)
}

module.exports = { Engine, Refusal }
if (require.main === module) serve(new Engine())
