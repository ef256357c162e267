// Tidegate as a construct. It includes the template that `sam package` wrote, so that there is one source of what a stage holds; a prop is a parameter
// of the template in CDK's spelling, and what is left out keeps the template's default. So is an output a property.
'use strict'

const { readFileSync } = require('node:fs')
const { CfnOutput } = require('aws-cdk-lib')
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include')
const { Construct } = require('constructs')

// CDK's own types of SAM resources are older than SAM: what is of such a type is passed on as it is.
const SAM = /^\s*"?(\w+)"?:\s*\{?\s*"?Type"?:\s*"?AWS::Serverless::/gm

class Tidegate extends Construct {
  constructor(scope, id, { packagedTemplate, ...settings }) {
    super(scope, id)
    const dehydratedResources = [...readFileSync(packagedTemplate, 'utf8').matchAll(SAM)].map(([, name]) => name)
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
