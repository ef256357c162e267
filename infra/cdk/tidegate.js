// Tidegate as a construct. It includes the template that `sam package` wrote, so that there is one source of what a stage holds; a prop is a parameter
// of the template in CDK's spelling, and what is left out keeps the template's default. So is an output a property.
'use strict'

const { readFileSync } = require('node:fs')
const { CfnOutput } = require('aws-cdk-lib')
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include')
const { Construct } = require('constructs')

/** Resources of SAM's own types and their conditions, in YAML as `sam package` writes it, whatever the order of keys, or in JSON. */
function samResources(text) {
  const all = new Map()
  if (text.startsWith('{')) {
    for (const [name, { Type, Condition }] of Object.entries(JSON.parse(text).Resources)) all.set(name, { Type, Condition })
  } else {
    let resource = {}
    for (const line of text.split('\n')) {
      const name = /^ {2}(\w+):\s*$/.exec(line)?.[1]
      if (name) all.set(name, (resource = {}))
      const [, key, value] = /^ {4}(Type|Condition): (\S+)\s*$/.exec(line) ?? []
      if (key) resource[key] = value
    }
  }
  return new Map([...all].filter(([, { Type }]) => Type?.startsWith('AWS::Serverless::')))
}

class Tidegate extends Construct {
  constructor(scope, id, { packagedTemplate, ...settings }) {
    super(scope, id)
    // CDK's own types of SAM resources are older than SAM: what is of such a type is passed on as it is.
    const ofSam = samResources(readFileSync(packagedTemplate, 'utf8'))
    const dehydratedResources = [...ofSam.keys()]
    // Names within the template stay, so that a stack may change its tool and keep its resources.
    this.template = new CfnInclude(this, 'Template', { templateFile: packagedTemplate, preserveLogicalIds: true, dehydratedResources })
    for (const [name, { Condition }] of ofSam) {
      const resource = this.template.getResource(name)
      resource.overrideLogicalId(name)
      if (Condition) resource.cfnOptions.condition = this.template.getCondition(Condition)
    }
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
