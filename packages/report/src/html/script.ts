import { createHash } from 'node:crypto';

/**
 * Read-outs under the pointer. The page is whole without it: the same figures are in the tables. A chart says in `data-tip` what lies
 * along its axis (`x`: buckets of time, `y`: shares of a distribution), or has dots with titles.
 */
export const SCRIPT = `(()=>{'use strict';
const tip=document.createElement('div');tip.className='tip';tip.hidden=true;tip.setAttribute('aria-hidden','true');document.body.append(tip);
const el=(name,text,cls)=>{const e=document.createElement(name);if(text!==undefined)e.textContent=text;if(cls)e.className=cls;return e};
const fmt=(v)=>v===null||v===undefined?'–':Math.abs(v)>=1000?Math.round(v).toLocaleString('en'):String(Number(v.toPrecision(3)));
const show=(event,nodes)=>{tip.replaceChildren(...nodes);tip.hidden=false;
const w=tip.offsetWidth,h=tip.offsetHeight,W=document.documentElement.clientWidth,H=innerHeight;
let x=event.clientX+16,y=event.clientY-h/2;if(x+w>W-8)x=event.clientX-w-16;
tip.style.left=Math.max(8,Math.min(x,W-w-8))+'px';tip.style.top=Math.max(8,Math.min(y,H-h-8))+'px'};
for(const svg of document.querySelectorAll('svg.chart')){
const at=(event)=>{const p=new DOMPoint(event.clientX,event.clientY).matrixTransform(svg.getScreenCTM().inverse());return[p.x,p.y]};
const dots=[...svg.querySelectorAll('circle')].map((c)=>{const t=c.querySelector('title');const text=t?t.textContent:'';if(t)t.remove();return{c,text,x:+c.getAttribute('cx'),y:+c.getAttribute('cy')}}).filter((d)=>d.text);
const data=svg.dataset.tip?JSON.parse(svg.dataset.tip):null;
if(!data&&!dots.length)continue;
let cross=null,last=null;
if(data){cross=document.createElementNS(svg.namespaceURI,'line');cross.setAttribute('class','cross');cross.style.display='none';svg.append(cross)}
const hide=()=>{tip.hidden=true;if(cross)cross.style.display='none';if(last)last.setAttribute('r','4');last=null};
const move=(event)=>{const[x,y]=at(event);
if(data){const[from,to,a,b]=data.box,pos=data.axis==='x'?x:y,n=data.rows[0].values.length;
const share=(pos-from)/(to-from);if(share<-.04||share>1.04)return hide();
let i=0;if(data.axis==='x')i=Math.min(n-1,Math.max(0,Math.floor(share*n)));
else{let best=9;data.at.forEach((s,k)=>{const d=Math.abs(s-share);if(d<best){best=d;i=k}})}
const line=data.axis==='x'?from+(i+.5)/n*(to-from):from+data.at[i]*(to-from);
const set=(k,v)=>cross.setAttribute(k,v);
if(data.axis==='x'){set('x1',line);set('x2',line);set('y1',a);set('y2',b)}else{set('y1',line);set('y2',line);set('x1',a);set('x2',b)}
cross.style.display='';
const table=el('table');
for(const row of data.rows){const tr=el('tr');const th=el('th');th.append(el('i',undefined,'key '+row.color),row.name);tr.append(th,el('td',fmt(row.values[i])+(row.values[i]===null?'':row.unit||'')));table.append(tr)}
return show(event,[el('b',data.axis==='x'?i*data.stepS+' to '+(i+1)*data.stepS+' s':Number((data.at[i]*100).toFixed(1))+' % within'),table])}
let best=null,near=900;for(const d of dots){const q=(d.x-x)**2+(d.y-y)**2;if(q<near){near=q;best=d}}
if(!best)return hide();
if(last&&last!==best.c)last.setAttribute('r','4');last=best.c;last.setAttribute('r','6');show(event,[el('span',best.text)])};
svg.addEventListener('pointermove',move);svg.addEventListener('pointerdown',move);svg.addEventListener('pointerleave',hide);addEventListener('scroll',hide,{passive:true})}
})();`;

/** For the page's content security policy: this script and no other. */
export const SCRIPT_HASH = `sha256-${createHash('sha256').update(SCRIPT).digest('base64')}`;
