"""The look of a report."""

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #16202b; --muted: #5a6876; --grid: #dde3e9; --paper: #ffffff; --card: #f4f6f9;
  --commanded: #b3560b; --measured: #1567b8; --error: #8b3fa8;
  --good: #1d8249; --warn: #b7791f; --bad: #c9302c; --quiet: #77858f; --hold: #5a6bb0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6ebf0; --muted: #9aa7b4; --grid: #2c3641; --paper: #12171d; --card: #1b222a;
    --commanded: #f0a35e; --measured: #62aef0; --error: #cb8be4;
    --good: #4cc380; --warn: #e0b04c; --bad: #f2706b; --quiet: #7d8b99; --hold: #93a3ea;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 40px 0 8px; }
p { margin: 4px 0 12px; color: var(--muted); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px; margin: 20px 0; }
.cards div {
  display: flex; flex-direction: column; background: var(--card); border-radius: 10px; padding: 14px 16px;
}
.cards span, small { color: var(--muted); font-size: 13px; }
.cards b { font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
.notes {
  border-left: 4px solid var(--warn); background: var(--card); margin: 20px 0; padding: 12px 16px 12px 32px;
}
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--muted); font-size: 13px; }
th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
.n { text-align: right; white-space: nowrap; }
tr.bad td { color: var(--bad); }
.scroll { max-height: 340px; overflow: auto; margin-top: 8px; }
.scroll .n { width: 90px; }
svg { display: block; width: 100%; height: auto; }
svg text { font-family: system-ui, sans-serif !important; }
@media print { .scroll { max-height: none; } section { break-inside: avoid; } }
"""
