import path from 'node:path';
import tseslint from 'typescript-eslint';

/** Only what needs types and biome cannot see; form and the rest are biome's. */
export default tseslint.config(
  { ignores: ['**/*.{js,cjs,mjs}', 'dist*/', 'node_modules/', '.stack/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: path.resolve(import.meta.dirname) },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
);
