# For tools that expect node-gyp. There is one build definition, CMakeLists.txt; this leads to it.
{
  'targets': [
    {
      'target_name': 'torch_func',
      'type': 'none',
      'actions': [
        {
          'action_name': 'build',
          'inputs': ['<(module_root_dir)/CMakeLists.txt'],
          # Never made, so that the action always runs: the script knows what is out of date.
          'outputs': ['<(PRODUCT_DIR)/torch_func.always'],
          'action': ['node', '<(module_root_dir)/scripts/setup.mjs', '--install'],
        },
      ],
    },
  ],
}
