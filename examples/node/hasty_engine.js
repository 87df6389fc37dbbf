#!/usr/bin/env node
// The same engine with three faults, each of which a report names by its rule.
'use strict'
const { Engine } = require('./engine')
const { serve } = require('./protocol')

class HastyEngine extends Engine {
  describe () {
    return { ...super.describe(), name: 'node-hasty' }
  }

  delay () {
    return 0 // BACKOFF-001: it never waits before a restart
  }

  restarts (pod) {
    return pod.spec.restartPolicy !== 'Never' // RESTART-002: it does not ask for the exit code
  }

  phase (pod) {
    const phase = super.phase(pod)
    return phase === 'Failed' && !pod.failed ? 'Succeeded' : phase // PHASE-007: failure is success
  }
}

serve(new HastyEngine())
