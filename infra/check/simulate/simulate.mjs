// Evaluates requests against policies. Reads, from standard input,
//   { principals: [{arn, role, policies, boundary}], resources: {arn: policy}, requests: [[principal, action, resource, account, context]] }
// and writes one of "Allowed", "ExplicitlyDenied", "ImplicitlyDenied", or what is wrong with the request, per request.
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

// The simulator knows keys whose name has a part of its own only behind a slash, so the encryption context goes by another name.
const { principals, resources, requests } = JSON.parse(readFileSync(0, 'utf8').replaceAll('"kms:EncryptionContext:', '"aws:PrincipalTag/EncryptionContext:'))
const answers = []

// A policy without the statements about other services, which cannot matter: most of the time would go into reading them again and again.
const narrowed = new Map()
function about(policy, service) {
  if (!policy) return undefined
  const kept = narrowed.get(policy) ?? narrowed.set(policy, new Map()).get(policy)
  if (!kept.has(service)) {
    const Statement = policy.Statement.map((statement) => {
      const actions = [statement.Action].flat().filter((action) => action === '*' || action.startsWith(`${service}:`))
      return actions.length ? { ...statement, Action: actions } : undefined
    }).filter(Boolean)
    kept.set(service, { ...policy, Statement })
  }
  return kept.get(service)
}

for (const [at, action, resource, accountId, context] of requests) {
  const principal = principals[at]
  const service = action.split(':')[0]
  const policies = principal.policies.map((policy) => about(policy, service)).filter((policy) => policy.Statement.length)
  const answer = await runSimulation(
    {
      request: {
        principal: principal.arn,
        action,
        resource: { resource, accountId },
        contextVariables: { 'aws:PrincipalArn': principal.role, 'aws:SecureTransport': 'true', 'aws:ResourceAccount': accountId, ...context },
      },
      identityPolicies: policies.map((policy, number) => ({ name: `${number}`, policy })),
      permissionBoundaryPolicies: principal.boundary ? [{ name: 'boundary', policy: about(principal.boundary, service) }] : undefined,
      resourcePolicy: resources[Object.keys(resources).find((arn) => resource === arn || resource.startsWith(`${arn}/`))],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  )
  answers.push(answer.resultType === 'error' ? `${answer.errors.message}: ${JSON.stringify(answer.errors)}` : answer.overallResult)
}
process.stdout.write(JSON.stringify(answers))
