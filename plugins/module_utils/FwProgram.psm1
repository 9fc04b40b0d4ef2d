# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs the programs that come with Windows.

Function Invoke-FwProgram {
    # Runs a program of Windows; throws what it says when it fails, and otherwise returns that if asked to.
    Param([string]$Name, [string[]]$Arguments, [switch]$Output)
    $ErrorActionPreference = 'Continue'    # or 5.1 stops at the first line that a program writes to its standard error
    $program = [System.IO.Path]::Combine($env:SystemRoot, 'System32', $Name)
    try {
        $said = @(& $program @Arguments 2>&1)
        $code = $LASTEXITCODE
    }
    catch {
        $said = @($_)
        $code = 1
    }
    if ($code -ne 0) { throw "$Name $($Arguments -join ' ') failed ($code): $(($said -join ' ').Trim())" }
    if ($Output) { $said | ForEach-Object { [string]$_ } }
}

Export-ModuleMember -Function 'Invoke-FwProgram'
