import { CaseTag, type Context, type Emitter, evalToken, toValue } from 'liquidjs'
import { isEqual } from './operators.ts'

/**
 * liquidjs's `case`, comparing as our `==` does: its own would walk long lists without an end in
 * sight.
 */
export class BoundedCase extends CaseTag {
  override *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const { renderer } = this.liquid
    const target: unknown = toValue(yield this.value.value(context))
    let found = false
    for (const { values, templates } of this.branches) {
      for (const token of values) {
        const value = yield evalToken(token, context)
        if (!(yield isEqual(target, value, context))) continue
        found = true
        yield renderer.renderTemplates(templates, context, emitter)
        break
      }
      if (context.breakCalled || context.continueCalled) return
    }
    if (!found) yield renderer.renderTemplates(this.elseTemplates, context, emitter)
  }
}
