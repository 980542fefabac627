/** Vite plugins that make the first paint need one answer only: the page itself. */
import { build, type Plugin } from 'vite';

/**
 * Puts src/app/boot.entry.ts, compiled, into each page in place of `<!-- boot -->`.
 * It has to be inline: an external script would come after the first paint.
 */
export function inlineBoot(): Plugin {
  return {
    name: 'inline-boot',
    transformIndexHtml: {
      order: 'pre',
      async handler(html) {
        return html.replace('<!-- boot -->', `<script>${(await compile('src/app/boot.entry.ts')).trim()}</script>`);
      },
    },
  };
}

async function compile(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    build: { target: 'es2020', write: false, lib: { entry, formats: ['iife'], name: 'boot' } },
  });
  const [output] = Array.isArray(result) ? result : [result];
  const chunk = output && 'output' in output ? output.output.find((file) => file.type === 'chunk') : undefined;
  if (chunk?.type !== 'chunk') throw new Error(`${entry} was not built`);
  return chunk.code;
}

/** Moves the first style sheet into the page: the skeleton is then painted by the app's own styles. */
export function inlineStyles(): Plugin {
  return {
    name: 'inline-styles',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const pages = Object.values(bundle).filter((file) => file.fileName.endsWith('.html'));
      for (const page of pages) {
        if (page.type !== 'asset') continue;
        const html = String(page.source);
        page.source = html.replace(/<link rel="stylesheet"[^>]*href="\/([^"]+)"[^>]*>/g, (tag, name: string) => {
          const sheet = bundle[name];
          return sheet?.type === 'asset' ? `<style>${sheet.source}</style>` : tag;
        });
      }
    },
  };
}
