// What the construct comes to, for infra/check: `node synth.js TEMPLATE PROPS` prints the synthesised template and what the construct offers.
'use strict'
const { App, BootstraplessSynthesizer, Stack } = require('aws-cdk-lib')
const { Tidegate } = require('./tidegate')

const [packagedTemplate, props] = process.argv.slice(2)
const app = new App()
const stack = new Stack(app, 'tidegate', { synthesizer: new BootstraplessSynthesizer() })
const tidegate = new Tidegate(stack, 'Tidegate', { packagedTemplate, ...JSON.parse(props) })
const offered = Object.keys(tidegate).filter((name) => !['node', 'template'].includes(name))
process.stdout.write(JSON.stringify({ template: app.synth().getStackByName('tidegate').template, offered }))
