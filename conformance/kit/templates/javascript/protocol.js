// The protocol: JSON-RPC 2.0, one message a line; whatever is logged goes to standard error.
'use strict'
const readline = require('node:readline')

const METHODS = {
  describe: engine => ({ protocol: 1, batch: true, ...engine.describe() }),
  reset: engine => { engine.reset(); return {} },
  apply: (engine, { stimulus }) => {
    try {
      return { accepted: engine.apply(stimulus) ?? null }
    } catch (error) {
      if (error.rejected) return { rejected: error.rejected } // the API said no: an answer like any other
      throw error
    }
  },
  observe: engine => ({ observations: engine.observe() }),
  close: () => ({}),
}

function answer (engine, { id, method, params = {} }) {
  const call = METHODS[method]
  if (!call) return { jsonrpc: '2.0', id, error: { code: -32601, message: `no method ${method}` } }
  try {
    return { jsonrpc: '2.0', id, result: call(engine, params) }
  } catch (error) {
    console.error(error.stack)
    return { jsonrpc: '2.0', id, error: { code: -32000, message: String(error) } }
  }
}

function serve (engine) {
  readline.createInterface({ input: process.stdin }).on('line', line => {
    const asked = JSON.parse(line)
    const said = Array.isArray(asked) ? asked.map(each => answer(engine, each)) : answer(engine, asked)
    process.stdout.write(JSON.stringify(said) + '\n')
  })
}

module.exports = { serve }
