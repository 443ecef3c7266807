/**
 * The rules that what is inside a chart is drawn by: of pages, and of pictures of their own. Colours are roles of the palette; `--k` is the
 * colour of an element's class (`c0`…, `r0`…).
 */
export const CHART_STYLE = `.chart text{fill:var(--soft)}.chart .tick{fill:var(--faint)}.chart .name{fill:var(--soft);font-size:12px}
.chart .grid{stroke:var(--grid);stroke-width:1}.chart .axis,.chart .mark{stroke:var(--faint);stroke-width:1}
.chart .line{fill:none;stroke:var(--k);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.chart .thin{stroke-width:1.5}
.chart .dashed{stroke-dasharray:5 4}
.chart .area{fill:var(--k);opacity:.14;stroke:none}
.chart .dot{stroke:var(--k);stroke-width:2;fill:var(--k)}.chart .dot.hollow{fill:var(--card)}
.chart .label{fill:var(--k);font-weight:600;font-size:11.5px;paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.chart .line.wide{stroke-width:9;opacity:.16}.chart .line.front{stroke:var(--ink)}
.chart .dot.faint{opacity:.35}
.chart .ring{fill:none;stroke:var(--k);stroke-width:1.5}
.chart line.limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:6 4}.chart text.limit{fill:var(--bad);font-size:11.5px}`;
