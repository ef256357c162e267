// Tidegate as a construct. It includes the template that `sam package` wrote, so that there is one source of what a stage holds; a prop is a parameter
// of the template in CDK's spelling, and what is left out keeps the template's default. So is an output a property.
'use strict'

const { readFileSync } = require('node:fs')
const { CfnOutput } = require('aws-cdk-lib')
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include')
const { Construct } = require('constructs')

/** Resources of SAM's own types, in YAML as `sam package` writes it, whatever the order of keys, or in JSON. */
function samResources(text) {
  if (text.startsWith('{')) {
    return Object.entries(JSON.parse(text).Resources).filter(([, { Type }]) => Type.startsWith('AWS::Serverless::')).map(([name]) => name)
  }
  const found = []
  let name
  for (const line of text.split('\n')) {
    name = /^ {2}(\w+):\s*$/.exec(line)?.[1] ?? name
    if (/^ {4}Type: AWS::Serverless::/.test(line)) found.push(name)
  }
  return found
}

class Tidegate extends Construct {
  constructor(scope, id, { packagedTemplate, ...settings }) {
    super(scope, id)
    // CDK's own types of SAM resources are older than SAM: what is of such a type is passed on as it is.
    const dehydratedResources = samResources(readFileSync(packagedTemplate, 'utf8'))
    // Names within the template stay, so that a stack may change its tool and keep its resources.
    this.template = new CfnInclude(this, 'Template', { templateFile: packagedTemplate, preserveLogicalIds: true, dehydratedResources })
    for (const name of dehydratedResources) this.template.getResource(name).overrideLogicalId(name)
    for (const [prop, value] of Object.entries(settings)) {
      if (value === undefined) continue
      const parameter = this.template.getParameter(prop[0].toUpperCase() + prop.slice(1)) // throws where the template has none of this name
      parameter.default = Array.isArray(value) ? value.join(',') : value
    }
    for (const output of this.template.node.findAll().filter((child) => child instanceof CfnOutput)) {
      this[output.node.id[0].toLowerCase() + output.node.id.slice(1)] = output.value
    }
  }
}

module.exports = { Tidegate }
