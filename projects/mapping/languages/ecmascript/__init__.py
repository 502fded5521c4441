"""JavaScript and TypeScript, with JSX, and the scripts inside Vue's and Svelte's components."""
